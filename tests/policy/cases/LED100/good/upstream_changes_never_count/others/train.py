lr = 9
