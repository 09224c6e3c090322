// Package report turns measurements into what a person reads: Markdown tables
// whose source is aligned too, and charts as SVG.
//
// The charts stand on white, with dark lines and text, so that they read the
// same on a light page and on a dark one.
package report
