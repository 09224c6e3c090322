// Package versions tests by which version of HTTP browsers open WebSockets. Its
// tests run Chromium, Firefox and WebKitGTK against a server of this library.
package versions
