"""Speed as counts of requests and as ratios within one run, never as seconds that must not be exceeded."""
