"""What runs say, judged: typed findings from numbers, each with its gate and its sample size."""
