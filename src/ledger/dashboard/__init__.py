"""The live page: files are followed, what is new in them is sent, and nothing is ever written."""
