"""What Locust's users do, and what is made of it. Only people.py and its users import Locust."""
