"""What connects training frameworks with the recorder: a module each, none knows another."""
