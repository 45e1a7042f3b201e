"""Components that stay in the page: `live_plot`, `coloured_text` and `type_along`."""
