"""What an order costs, and loads that people can watch: the benchmark, and Locust."""
