"""The little CSS that the theme cannot say: one stylesheet, small, and only on keys and classes of our own where that is possible.

The filter row is drawn once. On a phone it is folded behind a switch; that is done here, because the server does not know how wide a
window is.
"""

PHONE_PX = 640

STYLE = f"""
<style>
.mr-band {{ background: #F2C14E; color: #3B2A00; font-size: 0.875rem; line-height: 1.35; padding: 3px 12px; border-radius: 6px; }}
.mr-question {{ font-size: 0.95rem; font-weight: 600; opacity: 0.74; margin: 0; padding: 0; line-height: 1.3; }}
.mr-answer {{ font-size: 1.45rem; font-weight: 600; line-height: 1.3; margin: 2px 0 0; max-width: 68rem; text-wrap: pretty; }}
.mr-answer small {{ font-size: 0.95rem; font-weight: 400; opacity: 0.74; }}
.mr-footer {{ font-size: 0.875rem; opacity: 0.74; margin: 0; }}
.mr-note {{ font-size: 0.875rem; opacity: 0.74; margin: 0; line-height: 1.35; }}
.mr-figures {{ display: flex; flex-wrap: wrap; gap: 4px 28px; margin: 0; }}
.mr-figures div {{ min-width: 7.2rem; }}
.mr-figures dt {{ font-size: 0.875rem; opacity: 0.74; }}
.mr-figures dd {{ margin: 0; font-size: 1.45rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }}
.mr-figures dd small {{ font-size: 0.875rem; font-weight: 400; opacity: 0.74; }}
.mr-story {{ margin: 0; }}
.mr-story dt {{ float: left; clear: left; width: 8.5rem; opacity: 0.74; font-size: 0.925rem; }}
.mr-story dd {{ margin: 0 0 2px 8.5rem; font-size: 0.925rem; font-variant-numeric: tabular-nums; }}
[data-testid="stMetricValue"] {{ font-variant-numeric: tabular-nums; }}
.st-key-controls {{ border-left: 1px solid rgba(128, 128, 128, 0.35); padding-left: 1rem; }}
.st-key-link {{ margin-left: auto; }}
.stMainBlockContainer {{ padding-bottom: 2rem; }}
@media (min-width: {PHONE_PX + 1}px) {{ .st-key-fold {{ display: none; }} }}
@media (max-width: {PHONE_PX}px) {{
  .stMainBlockContainer {{ padding-left: 1rem; padding-right: 1rem; }}
  .st-key-filters {{ display: none; }}
  .stApp:has(.st-key-fold input:checked) .st-key-filters {{ display: flex; }}
  .st-key-filters > div, .st-key-controls > div {{ width: 100% !important; }}
  .st-key-controls {{ border-left: none; padding-left: 0; }}
  .st-key-link {{ margin-left: 0; }}
  .mr-answer {{ font-size: 1.2rem; }}
  .st-key-map [data-testid="stDeckGlJsonChart"] {{ height: 360px !important; }}
}}
</style>
"""
