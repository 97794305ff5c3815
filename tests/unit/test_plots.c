/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_plots - the parts of plots/ that need no result: units, widths of text, child programs. */
#include <math.h>
#include <time.h>

#include "plots/table.h"
#include "results/expr.h"
#include "tests/tap.h"

static void units(void)
{
	static const struct { const char *unit; double max; const char *show; double divide; } t[] = {
		{ "ns", 999, "ns", 1 }, { "ns", 1e3, "µs", 1e3 }, { "ns", 9.9e8, "ms", 1e6 }, { "ns", 1e9, "s", 1e9 },
		{ "bytes", 1023, "bytes", 1 }, { "bytes", 1 << 20, "MiB", 1 << 20 }, { "1", 5, "", 1 }, { "1", 1e7, "10⁶", 1e6 },
		{ "%", 1e9, "%", 1 },
	};

	for (unsigned i = 0; i < EG_ARRAY_LEN(t); i++) {
		double divide;
		const char *show = plot_unit(t[i].unit, t[i].max, &divide);

		ok(strcmp(show, t[i].show) == 0 && divide == t[i].divide, "%g %s is shown in '%s'", t[i].max, t[i].unit, t[i].show);
	}
}

static void widths(void)
{
	ok(fabs(plot_text_width("page_allocator", 7) - 45.71) < 0.25, "as wide as the PDF says: 45.71 points");
	ok(fabs(plot_text_width("bitmap_first", 6) - 30.98) < 0.25, "as wide as the PDF says: 30.98 points");
	ok(plot_text_width("ab\nc", 6) == plot_text_width("ab", 6), "the widest line counts");
	ok(plot_text_width("µ", 10) == 6.0 && plot_text_width("", 10) == 0.0, "one width for a character of two bytes");
}

static void quoting(void)
{
	struct eg_str s = { 0 };

	plot_add_quoted(&s, "a\"b\\c\nd\t`e`");
	is_str(eg_str_text(&s), "\"a\\\"b\\\\c\\nd \\140e\\140\"", "for a script");
	eg_str_free(&s);
	plot_add_name(&s, "a\"b\\c\nd");
	is_str(eg_str_text(&s), "\"a'b\\c d\"", "for the data");
	eg_str_free(&s);
}

static void shortening(void)
{
	static struct plot p;
	const char *cut;

	is_str(plot_shorten(&p, "short", 6, 100), "short", "what fits is left alone");
	cut = plot_shorten(&p, "page_allocator of a very long name, always", 6, 80);
	ok(plot_text_width(cut, 6) <= 80 && plot_text_width(cut, 6) > 66 && strncmp(cut, "page", 4) == 0 && strstr(cut, "…") &&
	   strcmp(cut + strlen(cut) - 6, "always") == 0, "both ends are kept: %s", cut);
	cut = plot_shorten(&p, "ωωωωωωωωωωωωωωωωωωωω", 6, 40);
	for (const char *c = cut; *c; c += 2) {
		if (strncmp(c, "…", 3) == 0)
			c++;
		else if (strncmp(c, "ω", 2) != 0)
			cut = "a part of a character";
	}
	ok(strstr(cut, "…"), "characters stay whole: %s", cut);
	is_str(plot_shorten(&p, "abcdef", 6, 1), "…", "no room at all");
	eg_arena_free_all(&p.arena);
}

static void tex(void)
{
	static const struct { const char *from, *to, *what; } t[] = {
		{ "\\begingroup\n", "\\begingroup\n  \\fontsize{7pt}{8pt}\\selectfont\n", "the size is set inside the group" },
		{ "  \\put(1,2){\\makebox(0,0)[r]{\\strut{}a_b 5%}}%\n", "  \\put(1,2){\\makebox(0,0)[r]{\\strut{}a\\_b 5\\%}}%\n", "a label" },
		{ "\\put(1,2){\\rotatebox{90}{\\makebox(0,0){\\strut{}}x}}}}%\n",
		  "\\put(1,2){\\rotatebox{90}{\\makebox(0,0){\\strut{}\\}x\\}}}}%\n", "braces of a label and braces around it" },
		{ "\\put(1,2){\\makebox(0,0){\\strut{}}}%\n", "\\put(1,2){\\makebox(0,0){\\strut{}}}%\n", "an empty label" },
		{ "\\put(1,2){\\makebox(0,0){\\strut{}10⁻³ µs}}%\n", "\\put(1,2){\\makebox(0,0){\\strut{}10$^{-3}$ \\textmu{}s}}%\n", "units" },
		{ "{{\\strut{}x\n", "{{\\strut{}x\n", "a line cut off in the middle" },
		{ "\\includegraphics{a_b}%", "\\includegraphics{a_b}%\n", "what is no label" },
	};

	for (unsigned i = 0; i < EG_ARRAY_LEN(t); i++) {
		struct eg_str s = { 0 };

		plot_tex(&s, t[i].from);
		is_str(strchr(eg_str_text(&s), '\n') + 1, t[i].to, t[i].what);
		eg_str_free(&s);
	}
}

static void children(void)
{
	const char *const fine[] = { "sh", "-c", "test \"$(pwd)\" = / && echo unseen && ! read x", NULL };
	const char *const says[] = { "sh", "-c", "printf 'not\\n   so\\n' >&2; exit 5", NULL };
	const char *const dies[] = { "sh", "-c", "kill -9 $$", NULL };
	const char *const slow[] = { "sleep", "30", NULL };
	const char *const mute[] = { "sh", "-c", "exec 2>&-; exec sleep 30", NULL };
	const char *const none[] = { "no-such-program-of-ours", NULL };
	static struct eg_errors err;
	time_t start = time(NULL);

	ok(plot_child(fine, "/", 20, "x", &err) == EG_OK, "runs in its folder, with nothing to read");
	ok(plot_child(says, "/", 20, "x", &err) == EG_IO && strcmp(err.text[0], "sh failed (exit code 5): not so") == 0,
	   "what it said is told in one line");
	ok(plot_child(dies, "/", 20, "x", &err) == EG_IO && strstr(err.text[1], "signal 9"), "a signal is told");
	ok(plot_child(none, "/", 20, "the-package", &err) == EG_IO && strstr(err.text[2], "the-package"), "not installed: the remedy");
	ok(plot_child(slow, "/", 1, "x", &err) == EG_IO && strstr(err.text[3], "after 1 s") && time(NULL) - start < 20,
	   "stopped when time is over");
	ok(plot_child(mute, "/", 1, "x", &err) == EG_IO && strstr(err.text[4], "after 1 s") && time(NULL) - start < 20,
	   "also when it has closed its output");
	ok(plot_child(fine, "/no/such/folder", 20, "x", &err) == EG_IO, "a folder that is not there");
}

static void figures(void)
{
	unsigned n = 0;

	for (const struct figure *f = figure_registry; f->name; f++, n++) {
		struct expr e;
		bool good = f->summary && *f->summary && f->columns[0] && f->captions[0];

		for (const char *const *c = f->columns; good && f->table != FIGURE_LATENCY && f->table != FIGURE_PARTS && *c; c++)
			for (const char *at = *c; good && at; at = *at == '|' ? at + 1 : NULL) {
				at = expr_parse(&e, at, "|;", NULL, NULL);
				good = at != NULL;
				if (!at)
					break;
			}
		ok(good && figure_find(f->name) == f, "%s: summary, columns, caption", f->name);
	}
	ok(n >= 8, "there are figures");
	is_str(figure_did_you_mean("tlb-brakdown"), "tlb-breakdown", "did you mean");
	ok(!figure_find("none"), "there is no figure none");
}

int main(void)
{
	units();
	widths();
	quoting();
	shortening();
	tex();
	children();
	figures();
	return tap_done();
}
