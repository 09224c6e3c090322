// Package report formats measurements: Markdown tables whose source is aligned
// too, and charts as SVG.
//
// The charts have a white background, dark lines and dark text, so that they
// look the same on light and dark pages.
package report
