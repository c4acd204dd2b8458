"use strict";
const given = JSON.parse(document.getElementById("docs-settings").textContent);
Redoc.init(given.url, given.settings, document.getElementById("docs"));
