"""Start here: `streamlit run app.py`. Pages, language and theme; each page answers one question."""

import base64
import logging
from pathlib import Path

import streamlit as st

from rnnlm_core.errors import UnrollError
from rnnlm_ui import session
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault
from rnnlm_ui.static_files import ensure_plotly
from rnnlm_ui.warm import warm_up

LOG = logging.getLogger("unroll")
HERE = Path(__file__).resolve().parent
PAGES = {  # file and address: icon
    "home": "home", "data": "description", "build": "account_tree", "train": "monitoring",
    "compare": "stacked_line_chart", "states": "grid_on", "gradients": "trending_down",
    "cell": "memory", "generate": "edit_note",
}

# An own icon: a `:material/…:` one would be fetched from the internet as the favicon. In the page
# itself: a file of Streamlit's is forgotten between two runs, and Back asks for it just then.
ICON = base64.b64encode((HERE / "static" / "icon.png").read_bytes()).decode()
st.set_page_config(page_title="Unroll", page_icon=f"data:image/png;base64,{ICON}", layout="wide",
                   initial_sidebar_state="collapsed")
ensure_plotly(HERE / "static")
with session.address():
    page = st.navigation(
        [st.Page(f"pages/{name}.py", title=t(f"nav.{name}"), icon=f":material/{icon}:",
                 url_path="" if name == "home" else name, default=name == "home")
         for name, icon in PAGES.items()],
        position="top")

    with st.sidebar:
        session.language_switch(t("sidebar.language"))
        with st.expander(t("sidebar.about"), icon=":material/info:", type="compact"):
            st.markdown(t("sidebar.about_text"))

    try:
        page.run()
    except UnrollError as error:
        fault(error)
    except Exception:  # a fault of ours: the log has it whole, the reader a sentence
        LOG.exception("a page failed")
        st.error(t("common.page_failed"), icon=":material/error:")
warm_up()  # last: the first page is painted without torch
