"""What the end-to-end tests stand on: processes, engines, registries, images and a whole Slipway."""
