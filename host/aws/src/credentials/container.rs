//! What runs the container, told by the variables that it sets.

use crate::environment::Environment;

/// Names who is behind the container's endpoint: ECS sets the relative address, EKS Pod Identity the full one with a file that
/// holds its token. `None` where no address is set.
pub(super) fn runtime(environment: &Environment) -> Option<&'static str> {
    let set = |name: &str| environment.get(name).is_some();
    if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        Some("ecs-task-role")
    } else if set("AWS_CONTAINER_CREDENTIALS_FULL_URI") && set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some("eks-pod-identity")
    } else if set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        Some("container-endpoint")
    } else {
        None
    }
}
