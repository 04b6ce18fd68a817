"""Questions answered from the views of an index: what is asked becomes SQL with bound values."""
