"""What the window knows, without a widget: the session, its case, its trainings, its masks."""
