"""The shop as tutorials have it; README.md says what that loses."""
