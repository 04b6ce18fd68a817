"""The quick look for credentials; a closer one costs a commit hook as much as half its start."""

from __future__ import annotations


TRIPWIRE = (
    r"pass(?:w|p|c)|pwd|secret|credential|bearer|authorization|key|token|akia|asia|gh[pousr]_|_pat_"
    r"|gl[a-z]{2,5}-|xox[a-z]-|xapp-|hooks\.slack|\bsk-|hf_|aiza|ya(?:29)?\.|gocspx-|npm_|pypi-|dapi"
    r"|[rs]k_(?:live|test)_|whsec_|eyj|sig=|wandb|://[^/?#\s\"'<>]*@"
)
"""Of a text in lower case, also as bytes: one that it is not found in holds no credential.

It is found in a text without its digits wherever it is found in the text.
"""
