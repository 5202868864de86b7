"""The lossless comparison viewer: one `gr.HTML` component, of use outside the lab too."""

from lab.viewer.view import View
from lab.viewer.viewer import CompareViewer, Scene, Shown

__all__ = ["CompareViewer", "Scene", "Shown", "View"]
