<%@ page contentType="text/html; charset=UTF-8" %>
<%-- Counts visits in the container's sessions, which are its memory. --%>
<%
  Integer before = (Integer) session.getAttribute("visits");
  int visits = before == null ? 1 : before + 1;
  session.setAttribute("visits", visits);
%>
<!doctype html>
<title>Tomcat behind Clingfish</title>
<p><%= System.getProperty("name") %>: visit <%= visits %></p>
<%-- Has the session in it for who keeps no cookies. --%>
<p><a href="<%= response.encodeURL("index.jsp") %>">again</a></p>
