"""Code that runs inside the engine process (Python 3.10, Rasa 3.6.21). The app never imports it."""
