"""Recording: the only room that writes runs. It never reads other rooms' minds, only files."""
