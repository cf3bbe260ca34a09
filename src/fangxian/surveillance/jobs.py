"""What is judged, and when."""
