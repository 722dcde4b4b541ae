"""Survey: judges stored labels again, and keeps the manifest and the reports of rejudgements."""
