"""What Locust's users do, and what is made of it. Only `users.py` imports Locust."""
