"""The page: what people who never open a terminal see. It speaks to the model over HTTP alone."""
