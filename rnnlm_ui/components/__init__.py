"""Components that stay in the page: `live_plot` and `coloured_text`."""
