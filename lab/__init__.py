"""The lab: the pages people see. Gradio lives only here."""
