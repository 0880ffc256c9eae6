"""Speed and quality beside peers: ``python -m bench`` writes tables and plots into ``bench/results``."""
