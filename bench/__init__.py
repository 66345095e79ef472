"""Side-by-side measurements. Machines are noisy: what counts are the ratios within one run."""
