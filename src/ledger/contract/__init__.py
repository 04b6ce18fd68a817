"""The file format as values: text in, values out; no disk, no git, standard library only."""
