"""Weather of the sites from sources on the network: asked for what is missing, kept with where it came from."""
