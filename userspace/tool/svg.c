// SPDX-License-Identifier: GPL-2.0-only
/*
 * svg.c - write a drawing (SVG 1.1) to a stream
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "svg.h"

/* as XML has it; bytes that may not be in it are left out */
static void escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		switch (c) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			if (c >= 0x20 && c < 0x7f)
				fputc(c, out);
			else
				fputc('?', out);
		}
	}
}

void svg_begin(FILE *out, double width, double height, const char *style,
	       const char *title)
{
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		     "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
		width, height, width, height);
	fputs("<title>", out);
	escape(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n", style);
	svg_rect(out, "paper", 0, 0, width, height, NULL);
}

void svg_end(FILE *out)
{
	fputs("</svg>\n", out);
}

void svg_rect(FILE *out, const char *class, double x, double y, double width,
	      double height, const char *tip)
{
	fprintf(out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"",
		class, x, y, width, height);
	if (!tip) {
		fputs("/>\n", out);
		return;
	}
	fputs("><title>", out);
	escape(out, tip);
	fputs("</title></rect>\n", out);
}

void svg_line(FILE *out, const char *class, double x1, double y1, double x2,
	      double y2)
{
	fprintf(out, "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"/>\n",
		class, x1, y1, x2, y2);
}

void svg_text(FILE *out, const char *class, double x, double y,
	      const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		return;
	fprintf(out, "<text class=\"%s\" x=\"%.2f\" y=\"%.2f\">", class, x, y);
	escape(out, text);
	fputs("</text>\n", out);
	free(text);
}

void svg_path_begin(FILE *out, const char *class)
{
	fprintf(out, "<polyline class=\"%s\" points=\"", class);
}

void svg_path_to(FILE *out, double x, double y)
{
	fprintf(out, "%.2f,%.2f ", x, y);
}

void svg_path_end(FILE *out)
{
	fputs("\"/>\n", out);
}

double svg_step(double span, unsigned int ticks)
{
	double step = pow(10, floor(log10(span / ticks)));

	if (span / step > 5 * ticks)
		return 10 * step;
	if (span / step > 2 * ticks)
		return 5 * step;
	return span / step > ticks ? 2 * step : step;
}
