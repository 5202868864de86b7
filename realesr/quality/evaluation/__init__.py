"""Which model is better, by how much, how sure is that, and where does each one fail?

::

    from realesr.degradations import presets
    from realesr.quality.evaluation import as_markdown, evaluate
    from realesr.train.sources import open_source

    pictures = {"samples": open_source("samples:coffee,rocket")}
    found = evaluate(["bicubic", "lab-x4"], pictures, [presets.bicubic_only(4)])
    print(as_markdown(found))
"""

from realesr.quality.evaluation.drawing import quality_plot, worst_places
from realesr.quality.evaluation.known import as_known_table, known_entries
from realesr.quality.evaluation.measures import MEASURES, Measure
from realesr.quality.evaluation.results import Comparison, Evaluation, Mean, Row, Subject
from realesr.quality.evaluation.running import data_set_names, evaluate
from realesr.quality.evaluation.tables import as_csv, as_document, as_markdown

__all__ = [
    "MEASURES",
    "Comparison",
    "Evaluation",
    "Mean",
    "Measure",
    "Row",
    "Subject",
    "as_csv",
    "as_document",
    "as_known_table",
    "as_markdown",
    "data_set_names",
    "evaluate",
    "known_entries",
    "quality_plot",
    "worst_places",
]
