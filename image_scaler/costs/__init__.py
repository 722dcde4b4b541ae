"""What a stage costs: prices, use, and the model that `image-scaler estimate` and docs/costs.md print."""
