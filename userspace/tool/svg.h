/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * svg.h - write a drawing (SVG 1.1) to a stream
 *
 * Lengths are pixels, y goes down. What looks how is in the style sheet that the
 * drawing begins with, by class.
 */
#ifndef EXDMA_TOOL_SVG_H
#define EXDMA_TOOL_SVG_H

#include <stdio.h>

/** svg_begin() - @style is CSS, @title what programs that show it call it. */
void svg_begin(FILE *out, double width, double height, const char *style,
	       const char *title);
void svg_end(FILE *out);

/**
 * svg_rect() - a rectangle
 * @class: of the style sheet
 * @tip: what is shown where the pointer is over it, or NULL
 */
void svg_rect(FILE *out, const char *class, double x, double y, double width,
	      double height, const char *tip);
void svg_line(FILE *out, const char *class, double x1, double y1, double x2,
	      double y2);

/** svg_text() - @format as printf(3); the text may have any character. */
void svg_text(FILE *out, const char *class, double x, double y,
	      const char *format, ...) __attribute__((format(printf, 5, 6)));

/** svg_path_begin(), svg_path_to(), svg_path_end() - a line through points. */
void svg_path_begin(FILE *out, const char *class);
void svg_path_to(FILE *out, double x, double y);
void svg_path_end(FILE *out);

/**
 * svg_step() - a round distance between the ticks of an axis
 * @span: what the axis shows, above 0
 * @ticks: how many there may be
 *
 * Return: 1, 2 or 5 times a power of ten.
 */
double svg_step(double span, unsigned int ticks);

#endif /* EXDMA_TOOL_SVG_H */
