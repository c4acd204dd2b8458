"use strict";
const given = JSON.parse(document.getElementById("docs-settings").textContent);
const options = { ...given.settings, url: given.url, dom_id: "#docs" };
options.presets = [SwaggerUIBundle.presets.apis];
options.validatorUrl = null;
if (given.csrf) {
  options.requestInterceptor = (request) => {
    request.headers["X-CSRFToken"] = given.csrf;
    return request;
  };
}
SwaggerUIBundle(options);
