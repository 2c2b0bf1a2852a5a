// For administrators only: nginx puts it into MLflow's page for nobody else. Here it only shows that it is there.
document.documentElement.dataset.slipwayButton = "";
