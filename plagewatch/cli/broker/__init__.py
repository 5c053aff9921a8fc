"""`broker config`: a Mosquitto where each logger may say only what is its own."""
