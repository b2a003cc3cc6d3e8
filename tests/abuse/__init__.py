"""What attackers try, case by case; each docstring names its case."""
