"""One module per page; ``web/app.py`` lists them."""
