"use strict";
// This page needs no script.
