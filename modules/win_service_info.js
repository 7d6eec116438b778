// needs: services
function inspect() {
  return { services: serviceInfo(null) };
}
