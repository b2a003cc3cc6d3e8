"""What people say: training data by topic, and (in `inside_rasa`) the code that runs in the engine."""
