"""What generate.py writes into the pages, each part by its name in PARTS."""
