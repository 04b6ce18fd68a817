"""What `ledger ci` judges and how it says so; imports of this room are named in full."""
