"""Training: XTuner's own Runner behind a preflight, then adapter and merged model in HF form."""
