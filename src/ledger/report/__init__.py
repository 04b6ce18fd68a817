"""What a person looks at: the page's own assets, and one self-contained file made of them."""
