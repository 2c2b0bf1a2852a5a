// Put into MLflow's page by nginx for whoever may build models: the button, on pages of versions that they may build.
import { BuildButton } from "./mlflow/build-button.js";
import { onNavigation } from "./mlflow/navigation.js";
import { isMeant, versionAt } from "./mlflow/route.js";
import { me } from "./session.js";

const button = new BuildButton();

function look() {
  const target = versionAt(location);
  // Who did not answer now is asked again by the dialog.
  button.show(target && isMeant(me?.models ?? ["*"], target.model) ? target : null);
}

onNavigation(look);
look();
