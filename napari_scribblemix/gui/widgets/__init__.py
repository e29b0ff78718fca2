"""What the panels are made of: buttons, lines, forms and their style; knows no session."""
