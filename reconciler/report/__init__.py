"""Plans, outcomes and problems as text, JSON and Markdown. Values in, strings out, all of them through `neutralise`."""
