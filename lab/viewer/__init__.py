"""The lossless comparison viewer: one `gr.HTML` component, of use outside the lab too."""

from lab.viewer.viewer import CompareViewer, Shown

__all__ = ["CompareViewer", "Shown"]
