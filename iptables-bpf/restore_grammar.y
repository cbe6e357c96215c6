/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of lines in a saved file. What a line's words mean is the command
 * line parser's business (restore_rule()); the scanner has cut the lines up.
 *
 * Every rule that has a token with a value is reduced in a consistent state, without a
 * lookahead: the value, which points into the scanner's memory, is still there.
 */
%define api.pure full
%define api.prefix {restore_yy}
%parse-param { struct restore_file *f } { void *scanner }
%lex-param { void *scanner }
%locations

%code requires {
#include "iptables-bpf/restore_file.h"

struct restore_chain_line {
	const char *name, *policy, *counters;
};
}

%code provides {
int restore_yylex(RESTORE_YYSTYPE *value, RESTORE_YYLTYPE *where, void *scanner);
}

%code {
static void restore_yyerror(const RESTORE_YYLTYPE *where, struct restore_file *f, void *scanner,
			    const char *message);
}

%union {
	const char *text; /* NULL: missing */
	struct restore_chain_line chain;
}

%token <text> TABLE "table"
%token <text> OTHER_TABLE "table that is left out"
%token <text> COMMENT "comment"
%token <chain> CHAIN "chain"
%token RULE "rule"
%token COMMIT "COMMIT"
%token STRAY "line outside of a table"
%token FAILED "unreadable line"

%%

file:
	%empty
|	file section
;

section:
	comment
|	table lines COMMIT
	{
		if (restore_table_commit(f, @3.first_line))
			YYABORT;
	}
|	OTHER_TABLE
	{
		if (restore_table_begin(f, $1, false, @1.first_line))
			YYABORT;
	}
|	STRAY
	{
		restore_stray_line(f, @1.first_line);
		YYABORT;
	}
;

table:
	TABLE
	{
		if (restore_table_begin(f, $1, true, @1.first_line))
			YYABORT;
	}
;

lines:
	%empty
|	lines comment
|	lines chain
|	lines rule
;

chain:
	CHAIN
	{
		if (restore_chain(f, $1.name, $1.policy, $1.counters, @1.first_line))
			YYABORT;
	}
;

rule:
	RULE
	{
		if (restore_rule(f, @1.first_line))
			YYABORT;
		if (f->stop)
			YYACCEPT;
	}
;

comment:
	COMMENT
	{
		if (restore_comment(f, $1, @1.first_line))
			YYABORT;
	}
;

%%

/*
 * The scanner says what a line is by where it stands, so there is but one thing the
 * grammar can find wrong: the file ends inside a table. (FAILED has its message already.)
 */
static void restore_yyerror(const RESTORE_YYLTYPE *where, struct restore_file *f, void *scanner,
			    const char *message)
{
	if (f->ret)
		return;
	restore_failed(f, f->line + 1,
		       err_set_style(f->e, ERR_OTHER, ERR_STYLE_BARE, 0,
				     "%s: COMMIT expected at line %d", f->fe->progname,
				     f->line + 1));
}
